use resil::retry;

#[retry(on(|e| e.is_empty()))]
async fn closure() -> Result<u32, String> {
    Ok(1)
}

// It reads as the pattern `e | true`, too.
#[retry(unless = |e| true)]
async fn of_a_literal() -> Result<u32, String> {
    Ok(1)
}

#[retry(on = |_| false, unless = |e| matches!(e.as_str(), "a" | "b"), on_ok(|n, _| n > 3))]
async fn of_others() -> Result<u32, String> {
    Ok(1)
}

// And this is one.
#[retry(on(| "busy" | "away"))]
async fn pattern() -> Result<u32, &'static str> {
    Ok(1)
}

#[retry(on = "timeout")]
async fn text() -> Result<u32, String> {
    Ok(1)
}

#[retry(on())]
async fn empty() -> Result<u32, String> {
    Ok(1)
}

#[retry(on)]
async fn flag() -> Result<u32, String> {
    Ok(1)
}

fn main() {}
