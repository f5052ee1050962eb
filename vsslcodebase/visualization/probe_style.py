"""Names, order and colours of questions and controls, wherever shown."""

from __future__ import annotations

from typing import NamedTuple


class QuestionText(NamedTuple):
    """How a question is put.

    Attributes:
        name: Of the figure.
        asks: The question itself.
        how: How it is answered, in a sentence.
    """

    name: str
    asks: str
    how: str


QUESTIONS = {
    'inside pair': QuestionText(
        'inside pair',
        'A motion or its reversal?',
        'Of two motions that are each other played backwards, which? A '
        'linear probe of all motions, asked for the two of a pair alone; '
        'who ignores the order of frames gets half.',
    ),
    'motion': QuestionText(
        'motion',
        'Which motion?',
        'One of all motions, by a linear probe. Which pair it is shows in '
        'part in single frames.',
    ),
    'arrow': QuestionText(
        'arrow of time',
        'Forwards or backwards?',
        'Is the film shown backwards? Asked of the first motion of each '
        'pair only (right, up, ...), shown both ways. Of all videos '
        'nobody could tell, because every one is some other one backwards.',
    ),
    'pace': QuestionText(
        'pace',
        'At which pace?',
        'Every frame, or every 2nd, 3rd, 4th: by a linear probe. The '
        'middle frame of a clip is the same at every pace, and no clip '
        'jumps back to the beginning.',
    ),
    'appearance': QuestionText(
        'appearance',
        'What moves?',
        'The kind of the moving object, by a linear probe. The objects of '
        'the test are not those of the training.',
    ),
    'scene': QuestionText(
        'scene',
        'Where?',
        'The kind of background, by a linear probe.',
    ),
    'scene kNN': QuestionText(
        'scene kNN',
        'Where, by neighbours?',
        'The kind of background, by vote of the nearest training videos. '
        'These are always shown as played.',
    ),
    'R2 t': QuestionText(
        'R² of time',
        'When in its video?',
        'The start of a clip, by ridge regression fitted to other test '
        'videos. In per cent of the variance explained; it may be below 0.',
    ),
}
CONTROLS = {
    'played': 'as played',
    'shuffled': 'frames shuffled',
    'frozen': 'one frame repeated',
    'reversed': 'played backwards',
}
FITTED = (
    'Shuffled and frozen: the probe is fitted to such clips, too, so the '
    'figure is what can be read of them. Backwards: the probe is '
    'fitted to clips as played, so the figure says whether its answers turn '
    'with the film.'
)
# Okabe and Ito (2008): told apart by colour-blind readers, too
COLOURS = {
    'played': '#0072b2',
    'shuffled': '#e69f00',
    'frozen': '#22272b',
    'reversed': '#d55e00',
}
