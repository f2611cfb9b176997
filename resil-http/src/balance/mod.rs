//! The endpoints of a client, and how it chooses among them.
