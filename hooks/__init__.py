"""The PyTorch side: Hugging Face models captured with forward hooks."""
