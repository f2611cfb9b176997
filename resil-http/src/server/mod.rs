//! The server side, for axum.
