// Search in a site that is opened as a file, without a server.
//
// Browsers start no Worker from a file, and the theme searches in one. Here the
// worker's program runs in a hidden frame instead, with the same two ways to
// talk to it. The theme looks for "iframe-worker" among its polyfills to know
// that there is one: see mkdocs.yml.
if (location.protocol === 'file:') {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement('iframe');
      frame.hidden = true;
      // a program that is added by hand runs in the frame, not in this page
      this.ready = new Promise((resolve) => {
        frame.onload = () => {
          const inner = frame.contentWindow;
          inner.postMessage = (data) => this.answer(data);
          const program = inner.document.createElement('script');
          program.src = new URL(url, location.href).href;
          program.onload = () => resolve(inner);
          inner.document.body.append(program);
        };
      });
      document.body.append(frame);
    }

    // from the program to the page
    answer(data) {
      const event = new MessageEvent('message', {data});
      this.dispatchEvent(event);
      if (this.onmessage) this.onmessage(event);
    }

    // from the page to the program, once it is there
    async postMessage(data) {
      const inner = await this.ready;
      inner.dispatchEvent(new inner.MessageEvent('message', {data}));
    }
  };
}
