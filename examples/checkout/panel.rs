//! `--panel`: the web panel over the run.

use std::error::Error;
use std::net::SocketAddr;

#[cfg(feature = "panel")]
use tokio::net::TcpListener;

/// Serves the panel on a free port, and returns where.
#[cfg(feature = "panel")]
pub(crate) async fn serve() -> Result<SocketAddr, Box<dyn Error>> {
    let panel = resil::panel::Panel::new().title("Checkout").router();
    let app = axum::Router::new().nest("/resil", panel);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(at)
}

/// Says with which features there would be a panel.
#[cfg(not(feature = "panel"))]
#[expect(clippy::unused_async, reason = "with the feature it awaits")]
pub(crate) async fn serve() -> Result<SocketAddr, Box<dyn Error>> {
    Err("there is no panel without its feature: cargo run --example checkout --features panel -- --panel".into())
}

/// Keeps the panel until Ctrl-C.
pub(crate) async fn stay() {
    println!("\nThe panel stays until Ctrl-C.");
    let _ = tokio::signal::ctrl_c().await;
}
