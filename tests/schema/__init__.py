"""The REST interface against its own description: how it is asked, and the company that has what is asked for."""
