"""How the bundled model was made: `python -m qwen_trt_model.training --out DIR --steps N`.

A small Qwen2 is trained on the text of Python's standard library. What hides bugs in freshly initialised
models (zero biases, norm weights of one, no massive activation, no outlier channel) is planted at
initialisation, so that the network trains around it (see `planting`).
"""
