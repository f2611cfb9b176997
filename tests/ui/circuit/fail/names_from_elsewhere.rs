use resil::circuit;

#[circuit(threshold = 5, reset_timeout = 30, half_open_max_calls = 3)]
async fn counted() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(failure_rate_threshold = 50, sliding_window_size = 10, minimum_number_of_calls = 5)]
async fn resilience4j() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(timeout = 5s)]
async fn timeout() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
