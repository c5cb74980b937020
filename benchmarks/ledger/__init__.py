"""Instructions instead of times: counted, and compared with ledger.json."""
