//! scratch
fn main() {
    use tradedeck::{config::{Env, Flags, load}, runtime::{Opening, Role, screen}};
    let env = Env::from_process();
    let config = load(&Flags::default(), &env).unwrap();
    if let Err(e) = screen::run(Opening { config, env, role: Role::Screen, live: None }) { eprintln!("{e:#}"); }
}
