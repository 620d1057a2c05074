"""Live streams of poses between programs: who listens, what is sent, what is recorded."""
