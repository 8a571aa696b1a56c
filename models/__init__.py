"""What learns: e-CLIP, its encoder and the task heads. No Beam."""
