# The timers, and the sweep of each change log. The messages are those of custody/events.py.
locals {
  timers = {
    renew_watches = "7 * * * *"
    reconcile     = "37 * * * *"
    drill         = "17 3 * * *"
    retention     = "47 4 * * *"
  }

  corpora = ["shared-drive", "own-log"]
}

resource "google_cloud_scheduler_job" "timer" {
  for_each = local.timers

  name      = replace(each.key, "_", "-")
  region    = var.region
  schedule  = each.value
  time_zone = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.topic["timers"].id
    data       = base64encode(jsonencode({ timer = each.key }))
    attributes = { timer = each.key }
  }

  retry_config {
    retry_count = 3
  }
}

resource "google_cloud_scheduler_job" "sweep" {
  for_each = toset(local.corpora)

  name      = "sweep-${each.key}"
  region    = var.region
  schedule  = "*/10 * * * *"
  time_zone = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.topic["drive-pushes"].id
    data       = base64encode(jsonencode({ corpus = each.key }))
  }

  retry_config {
    retry_count = 3
  }
}
