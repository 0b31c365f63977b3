# What builds the functions' images: an identity that reads sources, writes images, and no more.
resource "google_service_account" "builder" {
  account_id   = "custody-builder"
  display_name = "Custody: builds the functions"
}

resource "google_artifact_registry_repository" "functions" {
  repository_id = "functions"
  location      = var.region
  format        = "DOCKER"

  cleanup_policies {
    id     = "old"
    action = "DELETE"

    condition {
      older_than = "2592000s"
    }
  }

  cleanup_policies {
    id     = "last-ones"
    action = "KEEP"

    most_recent_versions {
      keep_count = 3
    }
  }
}

# These come before the functions: what cannot be built cannot be deployed.
resource "google_artifact_registry_repository_iam_member" "builder" {
  repository = google_artifact_registry_repository.functions.repository_id
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.builder.member
}

resource "google_storage_bucket_iam_member" "builder" {
  bucket = module.bucket["source"].name
  role   = local.role_names.custodyGet
  member = google_service_account.builder.member
}

resource "google_project_iam_member" "build_log" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.builder.member
}

# A build reads the copy of the archive that Cloud Functions lays into a bucket of its own.
resource "google_project_iam_member" "build_sources" {
  project = var.project
  role    = local.role_names.custodyGet
  member  = google_service_account.builder.member

  condition {
    title      = "sources of functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}
