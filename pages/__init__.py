"""What people see: one folder a question."""
