//! Containers and blobs over object stores, SAS, and the Azure-Blob-compatible endpoint.
