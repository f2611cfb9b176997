//! A client over reqwest.
