use resil::{hedge, timeout};

async fn send(message: String) -> Result<u32, String> {
    Ok(u32::try_from(message.len()).unwrap_or(0))
}

#[hedge(after = 50ms)]
async fn alone(message: String) -> Result<u32, String> {
    send(message).await
}

#[derive(Debug)]
struct E;

impl From<resil::Error> for E {
    fn from(_: resil::Error) -> Self {
        E
    }
}

#[timeout(5s)]
#[hedge(after = 50ms)]
#[timeout(1s)]
async fn between_timeouts(message: String) -> Result<String, E> {
    Ok(message)
}

fn main() {}
