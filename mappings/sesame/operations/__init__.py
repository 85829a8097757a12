"""The operations of the pathway, as the guide's OperationDefinitions describe them."""
