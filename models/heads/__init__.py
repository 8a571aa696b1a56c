"""One head for each task: what is learnt from labels on top of embeddings."""
