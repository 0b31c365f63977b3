# One function of the archive, with an identity of its own.
locals {
  name = replace(var.name, "_", "-") # services are named without underscores
}

resource "google_service_account" "this" {
  account_id   = "custody-${local.name}"
  display_name = "Custody: the function ${var.name}"
}

resource "google_cloudfunctions2_function" "this" {
  name     = local.name
  location = var.region

  build_config {
    runtime           = "python311" # what the tests run on
    entry_point       = var.entry
    service_account   = var.builder
    docker_repository = var.repository

    environment_variables = {
      GOOGLE_FUNCTION_SOURCE = "functions/${var.entry}/main.py"
      # Bytecode that the build makes is then tied to the content of its source and not to a date,
      # which an image does not keep.
      SOURCE_DATE_EPOCH = "315532800"
    }

    source {
      storage_source {
        bucket = var.archive.bucket
        object = var.archive.object
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.this.email
    ingress_settings                 = var.delivery == null ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    timeout_seconds                  = var.timeout
    available_memory                 = var.memory
    available_cpu                    = "1"
    min_instance_count               = 0
    max_instance_count               = var.instances
    max_instance_request_concurrency = var.concurrency

    environment_variables = merge(var.settings, { PYTHONPATH = "/workspace/shared" })

    dynamic "secret_environment_variables" {
      for_each = var.secrets

      content {
        key        = secret_environment_variables.key
        project_id = var.project
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.reader]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = var.secrets

  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this.member
}
