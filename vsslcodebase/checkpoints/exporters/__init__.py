"""Networks as files for others: MMAction2, plain torch, TorchScript, ONNX."""
