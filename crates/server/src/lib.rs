//! Configuration, assembly, signals, console and command line.
