# The cloud-init user data of the host, and the checks of what goes into it. Without a provider, so that `tofu test` needs none.

terraform {
  required_version = ">= 1.8"
}

variable "server" {
  description = "What recognises: nim, or legacy for a Riva 2.x server whose models an operator deploys"
  type        = string
  default     = "nim"

  validation {
    condition     = contains(["nim", "legacy"], var.server)
    error_message = "nim or legacy."
  }
}

variable "speech_image" {
  description = "Image of the recogniser, by digest"
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9._/:-]*@sha256:[0-9a-f]{64}$", var.speech_image))
    error_message = "NAME@sha256:DIGEST."
  }
}

variable "gateway_image" {
  description = "Image of riva-bench for the gateway, by digest; empty = no gateway"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([a-zA-Z0-9][a-zA-Z0-9._/:-]*@sha256:[0-9a-f]{64})?$", var.gateway_image))
    error_message = "NAME@sha256:DIGEST or empty."
  }
}

variable "node_exporter_image" {
  description = "Image of Prometheus' node exporter, by digest; empty = none"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([a-zA-Z0-9][a-zA-Z0-9._/:-]*@sha256:[0-9a-f]{64})?$", var.node_exporter_image))
    error_message = "NAME@sha256:DIGEST or empty."
  }
}

variable "gpu_exporter_image" {
  description = "Image of NVIDIA's DCGM exporter, by digest; empty = none"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([a-zA-Z0-9][a-zA-Z0-9._/:-]*@sha256:[0-9a-f]{64})?$", var.gpu_exporter_image))
    error_message = "NAME@sha256:DIGEST or empty."
  }
}

variable "nim_tags_selector" {
  description = "Which profile of its models a NIM loads"
  type        = string
  default     = "mode=str"

  validation {
    condition     = can(regex("^[a-zA-Z0-9=,._-]+$", var.nim_tags_selector))
    error_message = "Such as name=parakeet,mode=str."
  }
}

variable "ngc_secret_arn" {
  description = "Secret of Secrets Manager whose plain text is the NGC API key"
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[a-zA-Z0-9/_+=.@-]+$", var.ngc_secret_arn))
    error_message = "The ARN of a secret."
  }
}

variable "region" {
  description = "AWS region"
  type        = string
}

output "text" {
  description = "The user data"
  value = templatefile("${path.module}/../../user-data.yaml", {
    Server            = var.server
    SpeechImage       = var.speech_image
    GatewayImage      = var.gateway_image
    NodeExporterImage = var.node_exporter_image
    GpuExporterImage  = var.gpu_exporter_image
    NimTagsSelector   = var.nim_tags_selector
    NgcSecretArn      = var.ngc_secret_arn
    Region            = var.region
  })
}
