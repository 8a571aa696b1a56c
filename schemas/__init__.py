"""What things are: Arrow schemas, sharded datasets and the configuration. Imports no other room."""
