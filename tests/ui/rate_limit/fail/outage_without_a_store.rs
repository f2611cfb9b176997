use resil::rate_limit;

#[rate_limit(max = 100, per = 1s, on_outage = closed)]
async fn alone() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(name = "pay", on_outage = open)]
async fn with_a_name() -> Result<u32, resil::Error> {
    Ok(1)
}

#[rate_limit(name = "pay", store = "shared", on_outage = open)]
async fn without_a_rate() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
