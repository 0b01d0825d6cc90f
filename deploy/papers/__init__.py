"""Papers for those who build eid-stream into something: each made from what is really there, by one command."""
