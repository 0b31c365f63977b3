# One page, top to bottom: what comes in, what fails, how fast, how full, what we hold, what we owe.
locals {
  # A line of a chart: which time series, and how they are put together.
  lines = merge(
    { for event in local.counted : event => { series = event, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = [] } },
    {
      requests       = { series = "requests", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["resource.label.service_name"] }
      failures       = { series = "failures", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["resource.label.service_name"] }
      latencies      = { series = "latencies", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] }
      instances      = { series = "instances", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.label.service_name"] }
      memory         = { series = "memory", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] }
      dead_letters   = { series = "dead_letters", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["resource.label.subscription_id"] }
      oldest_message = { series = "oldest_message", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"] }
      waiting        = { series = "waiting", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.label.subscription_id"] }
      half_lag       = { series = "lag", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_50", by = [] }
      most_lag       = { series = "lag", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", by = [] }
      most_duration  = { series = "duration", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", by = [] }
      most_stored    = { series = "stored_bytes", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", by = [] }
      most_behind    = { series = "versions_behind", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_99", by = [] }
      longest_behind = { series = "time_behind", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_99", by = [] }
    },
  )

  # Four charts a row: a title, and the lines in it.
  rows = [
    {
      name = "Traffic"
      charts = {
        "Pushes and drains"     = ["push_received", "changes_drained"]
        "Versions stored"       = ["version_stored", "version_skipped"]
        "Deliveries"            = ["requests"]
        "Size of versions, p95" = ["most_stored"]
      }
    },
    {
      name = "Errors"
      charts = {
        "Failed deliveries" = ["failures", "request_put_off"]
        "Dead letters"      = ["dead_letters"]
        "Refused"           = ["push_refused", "request_refused", "quarantined"]
        "Not as expected"   = ["reconcile_mismatch", "reconcile_failed", "index_rebuilt", "cursor_lost"]
      }
    },
    {
      name = "Latency"
      charts = {
        "From Drive to stored, p50 and p95" = ["half_lag", "most_lag"]
        "Storing one version, p95"          = ["most_duration"]
        "Answers, p95"                      = ["latencies"]
        "Oldest message"                    = ["oldest_message"]
      }
    },
    {
      name = "Saturation"
      charts = {
        "Instances"        = ["instances"]
        "Memory"           = ["memory"]
        "Messages waiting" = ["waiting"]
        "Channels renewed" = ["watch_renewed", "watch_expiring"]
      }
    },
    {
      name = "Custody"
      charts = {
        "Could not be captured" = ["file_not_captured"]
        "Sources lost"          = ["source_lost"]
        "Waits for a person"    = ["quarantine_waiting"]
        "Drills"                = ["drill_passed", "drill_failed"]
      }
    },
    {
      name = "Second copy and retention"
      charts = {
        "Copied off-site"           = ["replicated"]
        "Off-site behind, versions" = ["offsite_behind", "most_behind"]
        "Off-site behind, seconds"  = ["longest_behind"]
        "Let go"                    = ["versions_expired", "versions_disposed", "disposal_skipped", "retention_waits", "retention_failed"]
      }
    },
    {
      name = "Erasure"
      charts = {
        "Requested and certified" = ["erasure_requested", "erasure_certified"]
        "Copies erased"           = ["copy_erased"]
        "Late or stuck"           = ["erasure_overdue", "erasure_failed", "erasure_blocked"]
        "Came after the fence"    = ["arrival_after_fence"]
      }
    },
  ]

  chart_width  = 12
  chart_height = 12
  title_height = 4
  row_height   = local.chart_height + local.title_height

  titles = [for number, row in local.rows : {
    xPos   = 0
    yPos   = number * local.row_height
    width  = 4 * local.chart_width
    height = local.title_height
    widget = { title = row.name, sectionHeader = { dividerBelow = true } }
  }]

  charts = flatten([for number, row in local.rows : [for place, title in keys(row.charts) : {
    xPos   = place * local.chart_width
    yPos   = number * local.row_height + local.title_height
    width  = local.chart_width
    height = local.chart_height
    widget = {
      title   = title
      xyChart = { dataSets = [for name in row.charts[title] : local.data_sets[name]] }
    }
  }]])

  data_sets = { for name, line in local.lines : name => {
    plotType       = "LINE"
    legendTemplate = length(line.by) == 0 ? name : "$${${replace(line.by[0], ".label.", ".labels.")}}"
    timeSeriesQuery = {
      timeSeriesFilter = {
        filter = local.series[line.series]
        aggregation = {
          alignmentPeriod    = "300s"
          perSeriesAligner   = line.aligner
          crossSeriesReducer = line.reducer
          groupByFields      = line.by
        }
      }
    }
  } }
}

resource "google_monitoring_dashboard" "custody" {
  dashboard_json = jsonencode({
    displayName  = "Custody ${var.environment}"
    mosaicLayout = { columns = 48, tiles = concat(local.titles, local.charts) }
  })
}
