"""Rules about tensors: one file each, listed in `qwen_trt_model.lint.registry`."""
