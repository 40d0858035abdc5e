//! Entry point.

fn main() -> std::process::ExitCode {
    tradedeck::cli::main()
}
