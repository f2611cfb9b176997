//! `#[tokio::main]` above a policy is no fault; its return type is.
#[tokio::main]
#[resil::retry]
async fn main() {}
