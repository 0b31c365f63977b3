# How messages reach the function: pushed by Pub/Sub, as an identity that may do nothing else.
locals {
  delivered = var.delivery == null ? {} : { (var.name) = var.delivery }
}

resource "google_service_account" "invoker" {
  for_each = local.delivered

  account_id   = "invoke-${local.name}"
  display_name = "Custody: calls the function ${var.name}"
}

resource "google_pubsub_subscription" "this" {
  for_each = local.delivered

  name                       = var.name
  topic                      = each.value.topic
  filter                     = each.value.filter
  ack_deadline_seconds       = 600
  message_retention_duration = "2678400s" # 31 days

  push_config {
    push_endpoint = google_cloudfunctions2_function.this.service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.invoker[each.key].email
      audience              = google_cloudfunctions2_function.this.service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = each.value.dead_topic
    max_delivery_attempts = 100
  }

  expiration_policy {
    ttl = "" # never, however quiet it is
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}

# A function that is made anew has a service without its grants.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = local.delivered

  location = var.region
  name     = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = google_service_account.invoker[each.key].member

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this.id]
  }
}

# Drive pushes without an identity that we could name: the function checks the token that it brings.
resource "google_cloud_run_v2_service_iam_member" "world" {
  for_each = var.delivery == null ? toset(["allUsers"]) : toset([])

  location = var.region
  name     = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = each.key

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this.id]
  }
}

# What Pub/Sub itself needs: to speak as the invoker, and to bury what it gives up.
resource "google_service_account_iam_member" "agent" {
  for_each = local.delivered

  service_account_id = google_service_account.invoker[each.key].name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = each.value.agent
}

resource "google_pubsub_subscription_iam_member" "agent" {
  for_each = local.delivered

  subscription = google_pubsub_subscription.this[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = each.value.agent
}
