use resil::circuit;

#[circuit(half_open_after = 10s, failure_predicate = |e| matches!(e, resil::Error::Timeout { .. }))]
async fn closure() -> Result<u32, resil::Error> {
    Ok(1)
}

fn is_transient(e: &resil::Error) -> bool {
    e.retry_after().is_some()
}

#[circuit(is_failure = is_transient)]
async fn function() -> Result<u32, resil::Error> {
    let _ = is_transient;
    Ok(1)
}

#[circuit(counts_as_bad = |e: &resil::Error| e.retry_after().is_some())]
async fn by_any_name() -> Result<u32, resil::Error> {
    Ok(1)
}

#[circuit(on_result = |status| *status >= 500)]
async fn of_a_value() -> Result<u16, resil::Error> {
    Ok(200)
}

fn main() {}
