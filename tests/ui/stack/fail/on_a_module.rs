#[resil::retry]
mod client {
    pub fn name() {}
}

fn main() {
    client::name();
}
