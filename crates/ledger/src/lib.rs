//! The durable core: resources, tasks with leases, and the outbox.
