# Every topic with its dead letters. Subscriptions of functions belong to modules/function.
locals {
  erasure_topics = [for copy in keys(local.copies) : "erasure-tasks-${copy}"]

  topics = toset(concat(
    ["drive-pushes", "files-touched", "versions-stored", "timers", "deletion-requests"],
    ["mail-pushes"], # Gmail's; collect_mail comes to listen
    local.erasure_topics,
  ))

  month = "2678400s" # 31 days, the longest that Pub/Sub keeps a message
}

resource "google_pubsub_topic" "topic" {
  for_each = local.topics

  name                       = each.key
  message_retention_duration = local.month

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_topic" "dead" {
  for_each = local.topics

  name                       = "${each.key}-dead"
  message_retention_duration = local.month

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "dead" {
  for_each = local.topics

  name                       = "${each.key}-dead"
  topic                      = google_pubsub_topic.dead[each.key].id
  ack_deadline_seconds       = 600
  message_retention_duration = local.month

  expiration_policy {
    ttl = "" # never, however quiet it is
  }
}
