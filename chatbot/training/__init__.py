"""Fine-tuning: settings, data, the Trainer, the background job, and the runs on the disk."""
