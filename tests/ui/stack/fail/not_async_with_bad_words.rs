#[resil::retry(max = 0)]
fn fetch() -> u32 {
    1
}

fn main() {}
