use resil::retry;

#[retry(on(e))]
async fn a_binding() -> Result<u32, String> {
    Ok(1)
}

#[retry(on(is_busy))]
async fn a_function() -> Result<u32, String> {
    Ok(1)
}

fn is_busy(text: &String) -> bool {
    text == "busy"
}

fn main() {
    is_busy(&String::new());
}
