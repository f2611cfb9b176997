//! The web panel of [`resil`](https://docs.rs/resil): one page, and a JSON API under it, that show the
//! functions, circuits, bulkheads and rate limits of a process live, for axum 0.8.
//!
//! Most users want the package `resil`, whose feature `panel` re-exports all of this as `resil::panel`.
//!
//! ```
//! use axum::Router;
//!
//! let app: Router = Router::new()
//!     // What anybody may see who can reach it:
//!     .nest("/resil", resil_panel::router())
//!     // With buttons, for those who have the token:
//!     .nest("/ops", resil_panel::Panel::new().title("Shop").token("from a secret").router());
//! # drop(app);
//! ```
//!
//! The page is served as it stands in this crate: no build step, nothing from another host. It goes by
//! relative URLs, so the router can be mounted under any prefix, and behind a proxy.
//!
//! # What it costs
//!
//! Nothing while nobody looks. While a page is open anywhere in the process, one thread reads the state of
//! all policies once a second, and listens to the [events](resil_runtime::event). All pages share it.
//!
//! # Security
//!
//! Whoever reaches the router can read: names, keys of breakers, counts, latencies, texts of errors.
//! Mount it where only operators come, or put your own authentication in front. Without a
//! [token](Panel::token) nothing can be changed. `docs/panel.md` has the API and the details.

mod announce;
mod answer;
mod api;
mod assets;
mod client;
mod command;
mod frame;
mod functions;
mod headers;
mod health;
mod hub;
mod mailbox;
mod mounted;
mod nearest;
mod panel;
mod rows;
mod sampler;
mod token;
mod view;
mod words;

pub use self::panel::{Panel, router};
