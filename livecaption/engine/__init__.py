"""The model side: one owner of the model, batches made of windows of different sessions."""
