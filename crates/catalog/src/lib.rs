//! Assets, transforms, jobs, locators, policies and filters as domain.
