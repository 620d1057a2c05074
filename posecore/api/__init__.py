"""What other programs speak to: REST and WebSockets."""
