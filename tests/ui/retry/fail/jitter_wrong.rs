use resil::retry;

#[retry(jitter = ful)]
async fn slip() -> Result<u32, String> {
    Ok(1)
}

#[retry(jitter = 2.0)]
async fn d8_above_one() -> Result<u32, String> {
    Ok(1)
}

#[retry(jitter = true)]
async fn boolean() -> Result<u32, String> {
    Ok(1)
}

#[retry(jitter = random)]
async fn stranger() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
