"""Making checkpoints of others: what stays, and what its object graph then says."""
