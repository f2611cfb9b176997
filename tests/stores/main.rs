//! The stores over real files and servers: SQLite files, and the servers that `./test` starts. They run
//! in real time, as none of their clocks can be paused.

#![allow(
    clippy::disallowed_methods,
    reason = "real servers and files, real time"
)]

#[cfg(all(feature = "redis", feature = "postgres"))]
mod faults;
#[cfg(all(feature = "redis", feature = "postgres"))]
mod limits;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_connection;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "redis")]
mod redis_connection;
mod servers;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_attribute;
