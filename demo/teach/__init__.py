"""The tab Teach: pairs in, a training run beside the page, a model among the cards."""
