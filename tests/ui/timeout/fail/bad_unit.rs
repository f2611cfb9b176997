use resil::timeout;

#[timeout(5sec)]
async fn seconds() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(5min)]
async fn minutes() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(5x)]
async fn stranger() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
