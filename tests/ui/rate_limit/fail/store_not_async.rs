use resil::rate_limit;

#[rate_limit(max = 100, per = 1s, store = "shared")]
fn stock(item: &str) -> Result<usize, resil::Error> {
    Ok(item.len())
}

fn main() {}
