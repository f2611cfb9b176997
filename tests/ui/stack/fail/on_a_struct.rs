#[resil::retry]
#[resil::timeout(1s)]
struct Client {
    name: String,
}

fn main() {
    let _ = Client { name: String::new() }.name;
}
