variable "archive" {
  description = "Where the source archive lies."
  type        = object({ bucket = string, object = string })
  nullable    = false
}

variable "builder" {
  description = "The full name of the identity that builds it."
  type        = string
  nullable    = false
}

variable "concurrency" {
  description = "How many deliveries one instance takes at once."
  type        = number
  nullable    = false
}

variable "delivery" {
  description = "Its topic and which messages of it (null for all), the topic of its dead letters, and Pub/Sub's own identity; null for a function that the world calls."
  type        = object({ topic = string, filter = string, dead_topic = string, agent = string })
}

variable "entry" {
  description = "The folder of its source, and the function's name there."
  type        = string
  nullable    = false
}

variable "instances" {
  description = "How many instances there are at most."
  type        = number
  nullable    = false
}

variable "memory" {
  description = "The memory of an instance."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The function's name, as custody/domain/topology.py has it."
  type        = string
  nullable    = false
}

variable "project" {
  description = "The project of its secrets."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Where it runs."
  type        = string
  nullable    = false
}

variable "repository" {
  description = "The repository of its images."
  type        = string
  nullable    = false
}

variable "secrets" {
  description = "Settings that are secret, by name: the secret's id."
  type        = map(string)
  nullable    = false
}

variable "settings" {
  description = "Settings that are not."
  type        = map(string)
  nullable    = false
}

variable "timeout" {
  description = "How many seconds one delivery may take."
  type        = number
  nullable    = false
}
