# What is counted, who is told, and what we promise ourselves. docs/runbook.md has a section for
# each alert, under the alert's own name.
locals {
  # Events of the structured log. A test looks each of them up in the code.
  counted = toset([
    "push_received", "push_refused", "changes_drained", "cursor_lost", "watch_renewed",
    "version_stored", "version_skipped", "file_not_captured", "source_lost",
    "quarantined", "request_refused", "request_put_off",
    "reconcile_mismatch", "reconcile_failed", "index_rebuilt",
    "erasure_requested", "copy_erased", "erasure_certified", "erasure_blocked", "erasure_failed",
    "erasure_overdue", "arrival_after_fence",
    "watch_expiring", "quarantine_waiting",
    "replicated", "offsite_behind", "drill_passed", "drill_failed",
    "versions_expired", "versions_disposed", "disposal_skipped", "retention_waits", "retention_failed",
  ])

  # Numbers that an event carries.
  measured = {
    lag          = { event = "version_stored", field = "lag_ms", unit = "ms" }
    duration     = { event = "version_stored", field = "duration_ms", unit = "ms" }
    stored_bytes = { event = "version_stored", field = "stored_bytes", unit = "By" }
    # Of one holding each; while off-site cannot be listed, there is an event and no number.
    versions_behind = { event = "offsite_behind", field = "versions", unit = "1" }
    time_behind     = { event = "offsite_behind", field = "age_seconds", unit = "s" }
  }

  from_functions = "resource.type = \"cloud_run_revision\""

  # The time series of each of them.
  series = merge(
    { for event, metric in google_logging_metric.counted : event => "metric.type = \"logging.googleapis.com/user/${metric.name}\" AND ${local.from_functions}" },
    { for name, metric in google_logging_metric.measured : name => "metric.type = \"logging.googleapis.com/user/${metric.name}\" AND ${local.from_functions}" },
    {
      requests       = "metric.type = \"run.googleapis.com/request_count\" AND ${local.from_functions}"
      failures       = "metric.type = \"run.googleapis.com/request_count\" AND ${local.from_functions} AND metric.label.response_code_class = \"5xx\""
      latencies      = "metric.type = \"run.googleapis.com/request_latencies\" AND ${local.from_functions}"
      instances      = "metric.type = \"run.googleapis.com/container/instance_count\" AND ${local.from_functions}"
      memory         = "metric.type = \"run.googleapis.com/container/memory/utilizations\" AND ${local.from_functions}"
      dead_letters   = "metric.type = \"pubsub.googleapis.com/subscription/dead_letter_message_count\" AND resource.type = \"pubsub_subscription\""
      oldest_message = "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type = \"pubsub_subscription\""
      waiting        = "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type = \"pubsub_subscription\""
    },
  )

  # One occurrence of these is one too many.
  on_event = {
    arrival-after-fence = { event = "arrival_after_fence", severity = "ERROR" }
    channel-expiring    = { event = "watch_expiring", severity = "ERROR" }
    cursor-lost         = { event = "cursor_lost", severity = "ERROR" }
    drill-failed        = { event = "drill_failed", severity = "CRITICAL" }
    erasure-failed      = { event = "erasure_failed", severity = "ERROR" }
    erasure-late        = { event = "erasure_overdue", severity = "CRITICAL" }
    offsite-behind      = { event = "offsite_behind", severity = "ERROR" }
    quarantine-waiting  = { event = "quarantine_waiting", severity = "WARNING" }
    reconcile-failed    = { event = "reconcile_failed", severity = "ERROR" }
    request-refused     = { event = "request_refused", severity = "ERROR" }
    retention-failed    = { event = "retention_failed", severity = "ERROR" }
  }

  # Done by people alone, and never in passing. Google writes these down whatever we set. Parts of
  # the methods' names: APIs of different ages have longer and shorter ones.
  on_audit_log = {
    bucket-changed = "protoPayload.serviceName=\"storage.googleapis.com\" AND protoPayload.methodName:(\"buckets.update\" OR \"buckets.patch\" OR \"buckets.delete\" OR \"setIam\")"
    key-changed    = "protoPayload.serviceName=\"cloudkms.googleapis.com\" AND protoPayload.methodName:(\"UpdateCryptoKeyVersion\" OR \"DestroyCryptoKeyVersion\" OR \"RestoreCryptoKeyVersion\")"
    rights-changed = "protoPayload.methodName:(\"SetIamPolicy\" OR \"UpdateRole\" OR \"CreateServiceAccountKey\" OR \"UploadServiceAccountKey\")"
  }

  # How old a message may get, by subscription. An erasing task waits for old writers to end by
  # being delivered again; a second copy may be an hour behind the first.
  patience = {
    (join("|", concat(["request_erasure"], [for name, one in local.feed : name if one.topic != null]))) = 600
    (join("|", concat(local.erasers, keys(local.custody))))                                             = 3600
  }

  # Services that a timer calls once a day. Cloud Monitoring misses nothing that is away for longer
  # than 23.5 hours, but answers queries about a day that hold for an hour: 25 hours, its limit.
  daily  = ["drill", "retention"]
  absent = [for name in local.daily : "absent_over_time(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=\"${name}\",response_code_class=\"2xx\"}[1d])"]

  # Services that a timer calls, and how long they may be silent: three periods.
  heartbeats = {
    renew-watches = "10800s"
    reconcile     = "10800s"
    drain-changes = "1800s"
  }

  answering = join("|", [for name in keys(merge(local.feed, local.custody)) : replace(name, "_", "-")])

  told = [for one in google_monitoring_notification_channel.email : one.id]

  # What is counted by events has no data once they are over. An incident that stayed open for a
  # week, as is usual, would be silent about the next event.
  over_after = "1800s"
}

resource "google_logging_metric" "counted" {
  for_each = local.counted

  name   = "custody/${each.key}"
  filter = "${local.from_functions} AND jsonPayload.event = \"${each.key}\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }
}

resource "google_logging_metric" "measured" {
  for_each = local.measured

  name            = "custody/${each.key}"
  filter          = "${local.from_functions} AND jsonPayload.event = \"${each.value.event}\""
  value_extractor = "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 64
      growth_factor      = 1.5
      scale              = 1
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = "Custody: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}

resource "google_monitoring_alert_policy" "event" {
  for_each = local.on_event

  display_name          = "custody ${each.key}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.told

  conditions {
    display_name = each.value.event

    condition_threshold {
      filter          = local.series[each.value.event]
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = local.over_after
  }

  documentation {
    content = "${var.runbook}#${each.key}"
  }
}

resource "google_monitoring_alert_policy" "audit_log" {
  for_each = local.on_audit_log

  display_name          = "custody ${each.key}"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.told

  conditions {
    display_name = each.key

    condition_matched_log {
      filter = each.value
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    content = "${var.runbook}#${each.key}"
  }
}

resource "google_monitoring_alert_policy" "dead_letter" {
  display_name          = "custody dead-letter"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.told

  conditions {
    display_name = "a message was given up"

    condition_threshold {
      filter          = local.series.dead_letters
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.subscription_id"]
      }
    }
  }

  alert_strategy {
    auto_close = local.over_after
  }

  documentation {
    content = "${var.runbook}#dead-letter"
  }
}

resource "google_monitoring_alert_policy" "oldest_message" {
  display_name          = "custody oldest-message"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.told

  dynamic "conditions" {
    for_each = local.patience

    content {
      display_name = "a message waits for more than ${conditions.value} s"

      condition_threshold {
        filter          = "${local.series.oldest_message} AND resource.label.subscription_id = monitoring.regex.full_match(\"${conditions.key}\")"
        comparison      = "COMPARISON_GT"
        threshold_value = conditions.value
        duration        = "300s"

        aggregations {
          alignment_period     = "60s"
          per_series_aligner   = "ALIGN_MAX"
          cross_series_reducer = "REDUCE_MAX"
          group_by_fields      = ["resource.label.subscription_id"]
        }
      }
    }
  }

  alert_strategy {
    auto_close = local.over_after
  }

  documentation {
    content = "${var.runbook}#oldest-message"
  }
}

# Erasing functions say "not yet" by an error, and have alerts of their own.
resource "google_monitoring_alert_policy" "error_ratio" {
  display_name          = "custody error-ratio"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.told

  conditions {
    display_name = "one delivery of twenty fails"

    condition_threshold {
      filter             = "${local.series.requests} AND resource.label.service_name = monitoring.regex.full_match(\"${local.answering}\") AND metric.label.response_code_class = \"5xx\""
      denominator_filter = "${local.series.requests} AND resource.label.service_name = monitoring.regex.full_match(\"${local.answering}\")"
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.05
      duration           = "600s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }

      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  alert_strategy {
    auto_close = local.over_after
  }

  documentation {
    content = "${var.runbook}#error-ratio"
  }
}

resource "google_monitoring_alert_policy" "heartbeat" {
  display_name          = "custody heartbeat"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.told

  dynamic "conditions" {
    for_each = local.heartbeats

    content {
      display_name = "${conditions.key} does no work any more"

      condition_absent {
        filter   = "${local.series.requests} AND resource.label.service_name = \"${conditions.key}\" AND metric.label.response_code_class = \"2xx\""
        duration = conditions.value

        aggregations {
          alignment_period     = "300s"
          per_series_aligner   = "ALIGN_DELTA"
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }
  }

  documentation {
    content = "${var.runbook}#heartbeat"
  }
}

resource "google_monitoring_alert_policy" "daily_heartbeat" {
  display_name          = "custody daily-heartbeat"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.told

  conditions {
    display_name = "${join(" or ", local.daily)} did no work for a day"

    condition_prometheus_query_language {
      query               = join(" or ", local.absent)
      duration            = "3600s"
      evaluation_interval = "300s"
    }
  }

  documentation {
    content = "${var.runbook}#daily-heartbeat"
  }
}

# What we promise ourselves.
resource "google_monitoring_custom_service" "custody" {
  service_id   = "custody"
  display_name = "Custody"
}

resource "google_monitoring_slo" "backed_up" {
  service             = google_monitoring_custom_service.custody.service_id
  slo_id              = "backed-up"
  display_name        = "99 % of files are stored within 5 minutes of their change in Drive"
  goal                = 0.99
  rolling_period_days = 28

  request_based_sli {
    distribution_cut {
      distribution_filter = local.series.lag

      range {
        max = 300000
      }
    }
  }
}

resource "google_monitoring_slo" "certified" {
  service             = google_monitoring_custom_service.custody.service_id
  slo_id              = "certified"
  display_name        = "Every erasure is certified within its deadline"
  goal                = 0.999 # the most that Cloud Monitoring takes is a little less than all
  rolling_period_days = 28

  request_based_sli {
    good_total_ratio {
      good_service_filter = local.series.erasure_certified
      bad_service_filter  = local.series.erasure_overdue
    }
  }
}

resource "google_monitoring_alert_policy" "late_backups" {
  display_name          = "custody late-backups"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.told

  conditions {
    display_name = "the allowance of late files goes ten times too fast"

    condition_threshold {
      filter          = "select_slo_burn_rate(\"${google_monitoring_slo.backed_up.name}\", \"3600s\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 10
      duration        = "0s"
    }
  }

  alert_strategy {
    auto_close = local.over_after
  }

  documentation {
    content = "${var.runbook}#late-backups"
  }
}

resource "google_billing_budget" "custody" {
  count = var.billing_account == null ? 0 : 1

  billing_account = var.billing_account
  display_name    = "custody ${var.environment}"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  amount {
    specified_amount {
      units = var.budget
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    monitoring_notification_channels = local.told
  }
}
